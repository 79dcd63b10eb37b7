"""Indexes to find customers by: beginnings of words in name and email, and of IBANs."""

import unicodedata

from django.db import migrations

PUNCTUATION = """!"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"""
# Lower-case Latin letters with an accent, and those that no decomposition takes one off.
ACCENTED = {
    chr(code): unicodedata.normalize("NFKD", chr(code))[0]
    for code in (*range(0xDF, 0x250), *range(0x1E00, 0x1F00))
    if chr(code).islower() and unicodedata.normalize("NFKD", chr(code))[0] in "abcdefghijklmnopqrstuvwxyz"
} | dict(zip("łøđıß", "lodis", strict=True))
FROM = "".join(ACCENTED) + PUNCTUATION
TO = "".join(ACCENTED.values()) + " " * len(PUNCTUATION)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# Each of the tables has at most one index on an expression: by its columns a rebuild finds the name of each.
INDEXES = f"""
create function readmodels_customer_words(name text, email text) returns tsvector
language sql immutable parallel safe as $$
    select to_tsvector('simple', translate(lower(name || ' ' || email), {quoted(FROM)}, {quoted(TO)}))
$$;
create index readmodels_customer_words on readmodels_customer using gin (readmodels_customer_words(name, email));
create index readmodels_account_iban_begins on readmodels_account (iban varchar_pattern_ops);
"""
DROP = """
drop index readmodels_account_iban_begins;
drop index readmodels_customer_words;
drop function readmodels_customer_words;
"""


class Migration(migrations.Migration):
    dependencies = [("readmodels", "0002_webhook_endpoints")]
    operations = [migrations.RunSQL(INDEXES, DROP)]
