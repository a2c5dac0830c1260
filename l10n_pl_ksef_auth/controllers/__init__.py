from . import ksef_alert
from . import ksef_request
