from . import test_access_token
from . import test_alerts
from . import test_account
from . import test_certificate
from . import test_first_login
from . import test_role_table
from . import test_login_problems
from . import test_renewal
