from . import (
    notice,
    account_move,
    account_move_send,
    res_company,
    res_config_settings,
)
