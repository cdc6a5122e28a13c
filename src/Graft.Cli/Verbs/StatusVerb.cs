using System.CommandLine;
using Graft.Network;

namespace Graft.Cli;

/// <summary><c>graft status</c>.</summary>
internal static class StatusVerb
{
    // To the first line and the first column, and nothing left of what was there.
    private const string Redraw = "\e[H\e[J";

    internal static GraftVerb Build(VerbBuilder verbs)
    {
        var check = new Option<bool>("--check") { Description = "One line, and exit code 8 unless all voters are up" };
        var watch = new Option<bool>("--watch", "-w") { Description = "Again and again, until Ctrl+C; one line each if piped" };
        var interval = new Option<string?>("--interval") { Description = "How often --watch looks (default 1s)", HelpName = "time" };
        var verb = new GraftVerb("status", "Show cluster health", VerbGroup.Administration)
        {
            Options = { check, watch, interval },
            Examples = ["graft status", "graft status --watch", "graft status --check && echo fine"],
        };
        return verbs.Calling(verb, async (run, connection, cancellation) =>
        {
            if (run.Typed.GetValue(watch))
            {
                TimeSpan pause = run.Typed.GetValue(interval) is { } typed ? Invocation.ReadDuration(typed, "--interval") : TimeSpan.FromSeconds(1);
                return await WatchAsync(run, connection, pause, cancellation);
            }

            (MembersView? view, GroupInfo? seen) = await LookAsync(connection, cancellation);
            ClusterHealth health = view is not null ? ClusterHealth.Of(view) : ClusterHealth.OfLeaderless(seen!);
            bool isCheck = run.Typed.GetValue(check);
            await run.Terminal.Out.WriteAsync(isCheck && !run.IsJson ? $"{StatusText.Check(health)}\n" : Render(run, connection, view, seen));
            return health.IsHealthy ? 0 : isCheck ? (int)FailureCode.Findings : view is null ? (int)FailureCode.NoQuorum : 0;
        });
    }

    private static string Render(Invocation run, Connection connection, MembersView? view, GroupInfo? seen) => (view, run.IsJson) switch
    {
        ({ } members, true) => StatusText.Json(connection.Client.Cluster, members),
        ({ } members, false) => StatusText.ForPeople(connection.Client.Cluster, members),
        (null, true) => StatusText.Json(connection.Client.Cluster, seen!),
        (null, false) => StatusText.ForPeople(connection.Client.Cluster, seen!),
    };

    // The leader knows most; where none answers, any member says what it has.
    private static async Task<(MembersView? View, GroupInfo? Seen)> LookAsync(Connection connection, CancellationToken cancellation)
    {
        try
        {
            return (await connection.CallAsync(CallKind.Read, (client, cancel) => client.Roster.ListAsync(default, cancel), cancellation), null);
        }
        catch (FailureException leaderless) when (leaderless.Failure.Code == FailureCode.NoQuorum)
        {
            if (await connection.LookAsync(cancellation) is { } seen)
            {
                return (null, seen);
            }

            throw;
        }
    }

    private static async Task<int> WatchAsync(Invocation run, Connection connection, TimeSpan pause, CancellationToken cancellation)
    {
        bool isScreen = run.Terminal.IsOutputTerminal && !run.IsJson;
        while (!cancellation.IsCancellationRequested)
        {
            string shown;
            try
            {
                (MembersView? view, GroupInfo? seen) = await LookAsync(connection, cancellation);
                shown = view is not null && !isScreen && !run.IsJson
                    ? $"{StatusText.Line(run.Terminal.Time.GetUtcNow(), view)}\n"
                    : Render(run, connection, view, seen);
            }
            catch (FailureException failed) when (failed.Failure.Code is FailureCode.Unreachable or FailureCode.NoQuorum)
            {
                shown = run.IsJson ? FailureText.ForScripts(failed.Failure) : FailureText.ForPeople(failed.Failure);
            }
            catch (FailureException failed) when (failed.Failure.Code == FailureCode.Interrupted)
            {
                break;
            }

            await run.Terminal.Out.WriteAsync(isScreen ? $"{Redraw}{shown}" : shown);
            try
            {
                await Task.Delay(pause, run.Terminal.Time, cancellation);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        return 0;
    }
}
