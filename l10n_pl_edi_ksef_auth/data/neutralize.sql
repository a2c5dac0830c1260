-- A copy of the database must not send with the tokens of the original.
UPDATE res_company
   SET l10n_pl_ksef_edi_access_token = NULL,
       l10n_pl_ksef_edi_refresh_token = NULL,
       l10n_pl_ksef_edi_login = NULL;
