"""The app registry: accounts of developers and staff, forms about apps, requests for production, letters.

Nobody but a person gives out a production key: an approval is always somebody's, with a name and a time.
"""
