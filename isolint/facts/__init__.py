"""What a project is: read with `ast`, frozen, linked on demand.

`program` is the code as it is written, `meaning` what its expressions stand for, `running` what its functions do,
`suite` which tests and fixtures there are; on these stand `targets`, `order`, `web`, `destruction`, `lifetime`, `sql`,
`state` and `configuration`. `knowledge` puts them together for the rules, `sites` are the places that rules listen to.
"""
