"""The language server: what `lint` knows, while a person types.

`server` speaks the protocol and holds no knowledge; `project` holds the open texts and what is known of them; each
feature is one module of functions from these to the protocol's types. `cursor` says where in a file a person is, also
when the YAML is only half typed.
"""
