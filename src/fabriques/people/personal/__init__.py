"""What the RGPD asks: register, export, erasure, retention, consent.

A domain declares its part when it is ready: its purposes (`kit.purposes.register`), what it exports
(`export.register_export`), what it does when an account is erased (`erasure.register_erasure`), why
an account could not be (`erasure.register_erasure_guard`), what it forgets with time
(`retention.register_retention`).
"""
