from . import ksef_alert, ksef_request
