"""rootspan"""
