-- A copy of the database must not send with the tokens of the original, nor with the key of its
-- online session: some builds of the sender look for that among the attachments only.
UPDATE res_company
   SET l10n_pl_ksef_edi_access_token = NULL,
       l10n_pl_ksef_edi_refresh_token = NULL,
       l10n_pl_ksef_edi_login = NULL,
       l10n_pl_edi_session_id = NULL,
       l10n_pl_edi_session_key = NULL,
       l10n_pl_edi_session_iv = NULL;
