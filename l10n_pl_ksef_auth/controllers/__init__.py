from . import ksef_request
