from . import alert_link
from . import request_file
