from . import panel
from . import dot
from . import account
from . import account_actions
from . import account_take_over
from . import diagnosis
from . import res_company
from . import ir_http
