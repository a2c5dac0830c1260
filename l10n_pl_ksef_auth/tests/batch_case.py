from .common import KsefCase


class BatchCase(KsefCase):
    """What a user does for many companies, from the list of companies to the results."""

    def start(self, what, companies, user=None):
        """Select companies in the list, press a button, and return what it opens, in the end."""
        batch = self.pressed(what, companies, user)
        batch.look()
        return batch

    def pressed(self, what, companies, user=None):
        """Select companies in the list, press a button, and return what opens at once."""
        user = user or self.accountant
        overview = self.env["l10n_pl_ksef.overview"].with_user(user).with_context(ksef_kind=what)
        action = overview.browse(companies.ids).action_for_all()
        batches = self.env["l10n_pl_ksef.batch"].with_user(user)
        return batches.browse(action["params"]["batch_id"])

    def run_all(self, batch):
        """Have every line done, as the browser does, and return the lines."""
        with self.confirmed():
            self.assertEqual(batch.confirm(), {})
            for line in batch.view()["lines"]:
                batch.run(line["id"])
        return self.followed(batch)

    def followed(self, batch, rounds=10):
        """Ask as the browser does until KSeF has decided about all, and return the lines."""
        for _round in range(rounds):
            self.travel(seconds=2)
            under_way = [one["id"] for one in batch.view()["lines"] if one["state"] == "running"]
            for line in under_way:
                batch.follow(line)
            if not under_way:
                break
        self.env.invalidate_all()
        return batch.view()["lines"]
