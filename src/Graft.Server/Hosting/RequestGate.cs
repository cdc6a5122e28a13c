using System.Net;

namespace Graft.Server;

/// <summary>Who is let in: requests that name this server as their host, from no page of another, and none while it stops.</summary>
internal sealed class RequestGate : IDisposable
{
    private readonly HashSet<string> _hosts = new(StringComparer.OrdinalIgnoreCase) { "localhost" };
    private readonly HashSet<string> _origins = new(StringComparer.OrdinalIgnoreCase);
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();
    private int _inside;
    private bool _isClosed;

    internal RequestGate(ServerOptions options)
    {
        _hosts.UnionWith(options.AllowedHosts);
        _hosts.Add(options.Listen.Host);
        if (options.Advertised is { } advertised)
        {
            _hosts.Add(advertised.Host);
        }

        _origins.UnionWith(options.AllowedOrigins);
    }

    /// <summary>Cancelled as soon as nobody is let in any more: what would go on for ever ends then.</summary>
    internal CancellationToken Closing => _closing.Token;

    /// <summary>Why a request isn't served, with its status; null if it is.</summary>
    /// <param name="host">What it names as its host, without a port.</param>
    /// <param name="authority">The same with its port.</param>
    /// <param name="origin">Whose page it comes from; empty if from none.</param>
    internal (int Status, string Why)? Judge(string host, string authority, string origin)
    {
        if (!_hosts.Contains("*") && !_hosts.Contains(host) && !IPAddress.TryParse(host.Trim('[', ']'), out _))
        {
            return (421, $"this server isn't {host}; AllowedHosts can name it");
        }

        bool isOwn = origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) && page.Authority.Equals(authority, StringComparison.OrdinalIgnoreCase));
        return isOwn || IsAllowed(origin) ? null : (403, $"pages of {origin} may not call this server; AllowedOrigins can name them");
    }

    /// <summary>Whether pages of an origin may read answers.</summary>
    internal bool IsAllowed(string origin) => _origins.Contains("*") || _origins.Contains(origin);

    /// <returns>False once the gate is closed. Otherwise <see cref="Leave"/> has to follow.</returns>
    internal bool TryEnter()
    {
        lock (_gate)
        {
            _inside += _isClosed ? 0 : 1;
            return !_isClosed;
        }
    }

    internal void Leave()
    {
        lock (_gate)
        {
            _inside--;
            TellIfEmpty_NeedsLock();
        }
    }

    /// <summary>Lets nobody in any more.</summary>
    /// <remarks>Ends once all have left.</remarks>
    internal async Task CloseAsync()
    {
        lock (_gate)
        {
            _isClosed = true;
            TellIfEmpty_NeedsLock();
        }

        await _closing.CancelAsync();
        await _empty.Task;
    }

    public void Dispose() => _closing.Dispose();

    private void TellIfEmpty_NeedsLock()
    {
        if (_isClosed && _inside == 0)
        {
            _empty.TrySetResult();
        }
    }
}
