from . import ksef_authorization
from . import ksef_authorization_view
