"""`python -m isolint.vocabulary`: writes down what the TOML files say, for runs to read at once."""

from isolint.vocabulary.tables import keep_parsed

if __name__ == "__main__":
    keep_parsed()
