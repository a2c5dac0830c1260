"""Measurements that run inside Odoo's shell: each module has ``measure(env, …)``."""
