using Graft;
using Microsoft.AspNetCore.Diagnostics;

/// <summary>Tells a caller what it may conclude: 503, nothing happened, try again; 504, it may have happened, look before you repeat it.</summary>
internal sealed class Failures : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not GraftException)
        {
            return false;
        }

        httpContext.Response.StatusCode = exception is UnknownOutcomeException
            ? StatusCodes.Status504GatewayTimeout
            : StatusCodes.Status503ServiceUnavailable;
        await httpContext.Response.WriteAsync(exception.Message, cancellationToken);
        return true;
    }
}
