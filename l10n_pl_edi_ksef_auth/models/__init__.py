from . import (
    account_move,
    account_move_in_ksef,
    account_move_send,
    ir_cron,
    offline_codes,
    res_company,
    res_company_duty,
    res_company_tokens,
)
