from odoo import api, models


class AccountMoveSendWizard(models.TransientModel):
    _name = "account.move.send.wizard"
    _inherit = ["account.move.send.wizard", "l10n_pl_ksef_edi.notice"]
    _l10n_pl_ksef_edi_depends = ("move_id",)

    def _l10n_pl_ksef_edi_about(self):
        return self.move_id

    def _l10n_pl_ksef_edi_tell(self, kept):
        if not kept:
            return False, False
        cure, text = kept[self.move_id]
        return cure, " ".join([self.env._("This invoice will not go to KSeF."), text])

    @api.depends("move_id")
    def _compute_extra_edi_checkboxes(self):
        # EXTENDS account: KSeF's line stays, switched off, where it would be left out
        result = super()._compute_extra_edi_checkboxes()
        label = self._get_all_extra_edis()["pl_ksef"]["label"]
        off = {"checked": False, "readonly": True, "label": label}
        for wizard in self.filtered("l10n_pl_ksef_edi_cure"):
            boxes = wizard.extra_edi_checkboxes or {}
            wizard.extra_edi_checkboxes = {**boxes, "pl_ksef": off}
        return result


class AccountMoveSendBatchWizard(models.TransientModel):
    _name = "account.move.send.batch.wizard"
    _inherit = ["account.move.send.batch.wizard", "l10n_pl_ksef_edi.notice"]
    _l10n_pl_ksef_edi_depends = ("move_ids",)

    def _l10n_pl_ksef_edi_about(self):
        return self.move_ids._origin

    def _l10n_pl_ksef_edi_tell(self, kept):
        if not kept:
            return False, False
        cures = {cure for cure, _text in kept.values()}
        texts = dict.fromkeys(text for _cure, text in kept.values())
        count = self.env._("Invoices that will not go to KSeF: %s.", len(kept))
        return "sign" if "sign" in cures else "other", " ".join([count, *texts])

    @api.depends("move_ids")
    def _compute_summary_data(self):
        # EXTENDS account: what does not go to KSeF is not counted as going there
        result = super()._compute_summary_data()
        for wizard in self:
            kept = wizard._l10n_pl_ksef_edi_about()._l10n_pl_ksef_edi_kept_away()
            away = sum("pl_ksef" in self._get_default_extra_edis(move) for move in kept)
            data = dict(wizard.summary_data or {})
            line = data.pop("pl_ksef", {"count": 0})
            if line["count"] > away:
                data["pl_ksef"] = {**line, "count": line["count"] - away}
            wizard.summary_data = data
        return result
