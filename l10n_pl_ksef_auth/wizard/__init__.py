from . import ksef_authorization
