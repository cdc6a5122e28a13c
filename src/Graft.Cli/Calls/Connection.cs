using System.Diagnostics;
using Graft.Client;
using Graft.Network;

namespace Graft.Cli;

/// <summary>A client for one command: its calls end with an answer or with a <see cref="FailureException"/> that says all that is known.</summary>
internal sealed class Connection : IAsyncDisposable
{
    // Long enough for a member on the same continent; a command that has failed isn't held up for more.
    private static readonly TimeSpan LookTimeout = TimeSpan.FromMilliseconds(500);

    private readonly Invocation _run;

    internal Connection(Invocation run)
    {
        _run = run;
        Client = new GraftClient(new ClientOptions { Seeds = run.Seeds.Addresses, DefaultTimeout = run.Timeout });
    }

    internal GraftClient Client { get; }

    /// <summary>How long the last call took.</summary>
    internal TimeSpan Elapsed { get; private set; }

    public ValueTask DisposeAsync() => Client.DisposeAsync();

    /// <summary>Makes a call, says what it waits for if that takes long, and turns its exceptions into failures.</summary>
    internal async Task<T> CallAsync<T>(CallKind kind, Func<GraftClient, CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            await using Patience patience = Patience.Begin(_run, $"waiting for {_run.Seeds}");
            return await call(Client, cancellation);
        }
        catch (Exception thrown) when (thrown is GraftException or OperationCanceledException or Sqlite.SqlFormatException)
        {
            GroupInfo? seen = FailureMap.WantsLook(thrown) ? await LookAsync(cancellation) : null;
            if (FailureMap.Of(thrown, kind, _run.Seeds, _run.Timeout, seen) is { } failure)
            {
                throw new FailureException(failure);
            }

            throw;
        }
        finally
        {
            Elapsed = Stopwatch.GetElapsedTime(start);
        }
    }

    /// <summary>What a member says of the cluster, if one answers soon.</summary>
    internal async Task<GroupInfo?> LookAsync(CancellationToken cancellation)
    {
        try
        {
            return await Client.DescribeAsync(LookTimeout, cancellation);
        }
        catch (Exception thrown) when (thrown is GraftException or OperationCanceledException)
        {
            return null;
        }
    }
}
