"""The api with what is behind it, for the tests of this folder."""

from integration.services.api import fixtures

api = fixtures.api
