"""The stores in memory: they keep copies, obey the table's conditions, and can be made to fail at any call.

They pass the same contract suites as the stores on DynamoDB (`tests/contract/test_*_store.py`).
"""
