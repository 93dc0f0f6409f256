"""The newest entry of a month carries its sums: it is found by the index that a contract's account is read from."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0002_machines")]

    operations = [
        migrations.RemoveIndex(model_name="ledgerentry", name="ledger_of_contract"),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                fields=["contract", "period", "seq"], include=("kind", "amount_centimes"), name="ledger_of_contract"
            ),
        ),
    ]
