"""Tests of custom resources: what their schemas do."""
