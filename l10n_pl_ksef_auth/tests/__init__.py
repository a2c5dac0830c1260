from . import test_account
from . import test_certificate
from . import test_first_login
