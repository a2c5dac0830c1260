from . import test_later_builds, test_own_certificate, test_sending, test_settings
