using System.CommandLine;
using System.Runtime.InteropServices;
using Graft.Network;
using Graft.Storage;
using Microsoft.Extensions.Logging;

namespace Graft.Cli;

/// <summary><c>graft start</c>.</summary>
internal static class StartVerb
{
    private static readonly string[] Levels = ["trace", "debug", "info", "warn", "error", "none"];

    private static readonly Argument<string?> Address = new("address")
    {
        Description = $"Where the node listens, for peers and clients: host:port (default {SeedList.Default})",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Data = new("--data") { Description = "Directory of the node's own (default graft-data/HOST-PORT)", HelpName = "dir" };
    private static readonly Option<string?> Advertise = new("--advertise") { Description = "Where others reach it, if not where it listens", HelpName = "host:port" };
    private static readonly Option<bool> Bootstrap = new("--bootstrap") { Description = "Found a cluster, as ADDRESS being its own peer does" };
    private static readonly Option<bool> ForceNew = new("--force-new") { Description = "Found one although a cluster takes this address for a member" };
    private static readonly Option<bool> Learner = new("--learner") { Description = "Join without a vote" };
    private static readonly Option<string?> Election = new("--election-timeout") { Description = "Least time without a leader before an election (default 500ms)", HelpName = "time" };
    private static readonly Option<string?> Level = Globals.Choice("--log-level", null, "How much is said on the error output (default info)", Levels);
    private static readonly Option<string?> Name = new("--name") { Description = "What people call it, in its status", HelpName = "name" };
    private static readonly Option<bool> AllowAnybody = new("--allow-anonymous")
    {
        Description = "Listen beyond loopback, although whoever reaches the port may do anything: there are no logins yet",
    };

    private static readonly Option<bool> Tied = new("--tied") { Hidden = true };

    internal static GraftVerb Build(VerbBuilder verbs)
    {
        var verb = new GraftVerb("start", "Start cluster node", VerbGroup.Membership)
        {
            Arguments = { Address },
            Options = { Data, Name, Advertise, AllowAnybody, Bootstrap, ForceNew, Learner, Election, Level, Tied },
            Examples =
            [
                "graft start 127.0.0.1:8080 -c 127.0.0.1:8080     found a cluster",
                "graft start 127.0.0.1:8081 -c 127.0.0.1:8080     join it",
            ],
            Remarks =
            [
                "A node whose address is its own peer founds a cluster; any other joins the one",
                "of its peer. Once it has, its data directory says what it belongs to, and it is",
                "started again in the same way. It runs until Ctrl+C or SIGTERM, and stays a",
                "member then; graft stop takes it out.",
            ],
        };
        return verbs.With(verb, RunAsync);
    }

    /// <summary>What was typed, as a start.</summary>
    internal static NodeStart Read(Invocation run)
    {
        ParseResult typed = run.Typed;
        NodeAddress listen = ReadAddress(typed.GetValue(Address) ?? SeedList.Default, "start");
        (bool found, var join) = NodeStart.Decide(listen, run.Seeds.Addresses, typed.GetValue(Bootstrap));
        return new NodeStart
        {
            Listen = listen,
            Advertised = typed.GetValue(Advertise) is { } advertised ? SeedList.ReadOne(advertised, "--advertise") : null,
            Data = typed.GetValue(Data) ?? NodeStart.DefaultData(listen),
            Found = found,
            Name = typed.GetValue(Name),
            AllowsAnybody = typed.GetValue(AllowAnybody),
            ForceNew = typed.GetValue(ForceNew),
            Join = join,
            JoinAs = typed.GetValue(Learner) ? MemberKind.Learner : MemberKind.Voter,
            ElectionTimeout = typed.GetValue(Election) is { } election ? Invocation.ReadDuration(election, "--election-timeout") : null,
        };
    }

    private static async Task<int> RunAsync(Invocation run, CancellationToken cancellation)
    {
        NodeStart start = Read(run);
        using var loggers = new LineLoggerFactory(run.Terminal.Error, run.Terminal.Time, ReadLevel(run.Typed.GetValue(Level)));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (run.Typed.GetValue(Tied))
        {
            _ = StopAtEndOfInputAsync(run.Terminal.In, stop);
        }

        bool isNew = !Directory.Exists(start.Data) || !Directory.EnumerateFileSystemEntries(start.Data).Any();
        if (!run.IsJson)
        {
            await run.Terminal.Out.WriteAsync($"graft {GraftVersion.Text}  ({RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier})\n"
                + $"data    {start.Data}{(isNew ? "  new" : "")}\n"
                + (!isNew ? "" : start.Found ? "new     founding a cluster\n" : $"join    through {string.Join(", ", start.Join)}\n"));
        }

        await using NodeHost node = await BeginAsync(start with { Loggers = loggers, Progress = new JoinReport(run) }, stop.Token);
        await run.Terminal.Out.WriteAsync(run.IsJson
            ? JsonText.OfKind("NodeReady", json =>
            {
                json.WriteString("address", node.Address.ToString());
                json.WriteString("id", node.Id);
                json.WriteString("cluster", node.Cluster);
            })
            : $"ready   {node.Address}  node {node.Id}  cluster {node.Cluster}\nstop    Ctrl+C keeps it a member; graft stop {node.Address} takes it out\n");
        NodeEnd end = await node.RunAsync(stop.Token);
        switch (end.Kind)
        {
            case NodeEndKind.Failed:
                throw new FailureException(new Failure(FailureCode.Error, "the node can't go on") { Facts = [end.Message] });
            case NodeEndKind.Removed:
                await TellAsync(run, "NodeRemoved", $"removed from its cluster; {start.Data} is left in place, and can be deleted");
                break;
            default:
                await TellAsync(run, "NodeStopped", "stopped; it stays a member");
                break;
        }

        return 0;
    }

    private static async Task<NodeHost> BeginAsync(NodeStart start, CancellationToken cancellation)
    {
        try
        {
            return await NodeHost.StartAsync(start, cancellation);
        }
        catch (FoundingRefusedException refused)
        {
            throw Failed(FailureCode.Refused, "no cluster was founded", refused, "graft member list", "graft start ADDRESS -c PEER");
        }
        catch (StorageRefusedException refused)
        {
            throw Failed(FailureCode.Refused, $"the data in {start.Data} was refused", refused);
        }
        catch (ArgumentException wrong)
        {
            throw Failed(FailureCode.Usage, "the node can't be started like this", wrong);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or GraftException or StorageFailedException)
        {
            throw Failed(FailureCode.Error, "the node didn't start", failed);
        }
        catch (OperationCanceledException)
        {
            throw new FailureException(new Failure(FailureCode.Interrupted, "interrupted before the node was up"));
        }
    }

    private static FailureException Failed(FailureCode code, string message, Exception because, params string[] hints) =>
        new(new Failure(code, message) { Facts = [because.Message.TrimEnd('.')], Hints = [.. hints] });

    private static Task TellAsync(Invocation run, string kind, string text) =>
        run.Terminal.Out.WriteAsync(run.IsJson ? JsonText.OfKind(kind, _ => { }) : $"{text}\n");

    // Port 0 is for who reads the port that was chosen.
    private static NodeAddress ReadAddress(string text, string source) =>
        NodeAddress.TryParse(text, out NodeAddress address, out string error) ? address : throw Invocation.Usage($"{source}: {error.TrimEnd('.')}");

    private static LogLevel ReadLevel(string? name) => Array.IndexOf(Levels, name ?? "info") switch
    {
        0 => LogLevel.Trace,
        1 => LogLevel.Debug,
        2 => LogLevel.Information,
        3 => LogLevel.Warning,
        4 => LogLevel.Error,
        5 => LogLevel.None,
        _ => throw Invocation.Usage($"--log-level: expected {string.Join(", ", Levels)}, found '{name}'"),
    };

    // The input ends with whoever holds its other end, however that ended.
    private static async Task StopAtEndOfInputAsync(TextReader input, CancellationTokenSource stop)
    {
        // On a thread of its own: reading a console blocks.
        await Task.Run(input.ReadToEnd, stop.Token);
        await stop.CancelAsync();
    }
}
