from . import alert_link
from . import help
from . import request_file
from . import signing
