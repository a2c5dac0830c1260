from . import test_first_login
