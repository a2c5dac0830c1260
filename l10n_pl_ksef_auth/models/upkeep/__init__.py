from . import alert
from . import alert_watch
from . import audit
from . import availability
from . import due
from . import farewell
from . import housekeeping
from . import keep_alive
