"""The sample leads and the project that scores them."""
