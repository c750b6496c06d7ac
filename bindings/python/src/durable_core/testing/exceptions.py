"""What the runners raise.  Beside these, TimeoutError when time was up."""

from __future__ import annotations


class DurableFunctionsLocalRunnerError(Exception):
    """The root of what the local runner refuses."""


class DurableFunctionsTestError(Exception):
    """A test asks for what there is not, or a call of the service failed."""


class AwsApiException(DurableFunctionsLocalRunnerError):
    """An error that the service answers; ``http_status_code``: with which status.

    ``response`` is what a botocore ``ClientError`` has under that name.
    """

    http_status_code: int = 500

    def __init__(self, message: str, code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.response = {
            "Error": {"Code": code or type(self).__name__, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status or self.http_status_code},
        }


class InvalidParameterValueException(AwsApiException):
    http_status_code = 400


class ResourceNotFoundException(AwsApiException):
    http_status_code = 404


class TooManyRequestsException(AwsApiException):
    http_status_code = 429


class ServiceException(AwsApiException):
    http_status_code = 500


_BY_NAME: dict[str, type[AwsApiException]] = {
    cls.__name__: cls
    for cls in (
        InvalidParameterValueException,
        ResourceNotFoundException,
        TooManyRequestsException,
        ServiceException,
    )
}


def _error_named(code: str | None, message: str, status: int) -> AwsApiException:
    """The class of that name; another name stands before the message."""
    name = (code or "").partition(":")[0]
    if name in _BY_NAME:
        return _BY_NAME[name](message, name, status)
    text = f"{name}: {message}" if name else message
    return AwsApiException(text, name, status)
