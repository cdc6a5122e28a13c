using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Graft.Client;
using Graft.Consensus;
using Graft.Network;
using Graft.Sqlite;

namespace Graft.Cli;

/// <summary>A throw-away cluster on this machine, and what is done to it while somebody looks on.</summary>
internal sealed class DemoRun : IAsyncDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LookPatience = TimeSpan.FromMilliseconds(400);

    private readonly Invocation _run;
    private readonly string _directory;
    private readonly int _port;
    private readonly bool _keeps;
    private readonly DemoNode[] _nodes;
    private readonly Lock _output = new();
    private readonly LeaderWatch _watch;
    private GraftClient? _client;
    private CancellationTokenSource? _load;
    private Task _loading = Task.CompletedTask;

    internal DemoRun(Invocation run, string directory, int nodes, int port, bool keeps)
    {
        (_run, _directory, _port, _keeps) = (run, directory, port, keeps);
        _nodes = [.. Enumerable.Range(1, nodes).Select(number => new DemoNode($"n{number}", directory))];
        _watch = new LeaderWatch(NameOf);
    }

    /// <summary>Ends all processes, and removes their data unless it's to be kept.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopLoadAsync();
        _load?.Dispose();
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }

        await Task.WhenAll(_nodes.Select(node => _keeps ? node.StopAsync() : node.CrashAsync()));
        if (!_keeps)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    /// <summary>Starts the nodes and fills their database.</summary>
    internal async Task StartAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(_directory);
        Print($"Starting a throw-away {_nodes.Length}-node cluster in {_directory} ...\n");
        await _nodes[0].StartAsync(FreePort(_port), null, cancellation);
        NodeAddress founder = _nodes[0].Address!.Value;
        await Task.WhenAll(_nodes.Skip(1).Select((node, at) => node.StartAsync(FreePort(_port == 0 ? 0 : _port + 1 + at), founder, cancellation)));
        _client = new GraftClient(new ClientOptions { Seeds = [.. _nodes.Select(node => node.Address!.Value)] });

        // A cluster that was kept has its data still.
        byte[] sample = SqlWire.Encode(new SqlRequest([new SqlStatement(DemoSample.Sql)]) { AllOrNothing = true });
        SqlAnswer loaded = SqlWire.DecodeAnswer((await _client.WriteAsync(sample, _run.Timeout, cancellation)).Answer);
        MembersView view = await _client.Roster.ListAsync(_run.Timeout, cancellation);
        _ = _watch.Look(_run.Terminal.Time.GetUtcNow(), view).Count();
        PrintReady(view, loaded.FirstFailure is null);
    }

    /// <summary>Looks on until the time is over, somebody quits, or Ctrl+C.</summary>
    /// <param name="length">How long; for ever if null.</param>
    /// <param name="keys">What is typed; null if nobody is asked.</param>
    /// <param name="cancellation">Ctrl+C.</param>
    internal async Task WatchAsync(TimeSpan? length, DemoKeys? keys, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (length is { } bounded)
        {
            over.CancelAfter(bounded);
        }

        while (!over.IsCancellationRequested)
        {
            MembersView? view = await TryLookAsync(over.Token);
            foreach (string line in over.IsCancellationRequested ? [] : _watch.Look(_run.Terminal.Time.GetUtcNow(), view))
            {
                Tell(line);
            }

            while (keys is not null && keys.Reader.TryRead(out char key))
            {
                if (key is 'q' or '\u0003')
                {
                    return;
                }

                if (key == DemoKeys.Shell && keys.IsKeyboard)
                {
                    await RunShellAsync(over.Token);
                    keys.Resume();
                    continue;
                }

                await DoAsync(key, over.Token);
            }

            try
            {
                await Task.Delay(LookInterval, over.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task DoAsync(char key, CancellationToken cancellation)
    {
        switch (key)
        {
            case 'k':
                DemoNode? leader = _nodes.FirstOrDefault(node => node.IsRunning && node.Id == _watch.Leader?.ToString());
                if (leader is null)
                {
                    Tell("nobody leads, so there is nobody to crash");
                    break;
                }

                Tell($"you crashed {leader.Name}");
                await leader.CrashAsync();
                break;
            case 'h':
                DemoNode[] down = [.. _nodes.Where(node => !node.IsRunning)];
                Tell(down.Length == 0 ? "all nodes are up" : $"you start {string.Join(", ", down.Select(node => node.Name))} again");
                await Task.WhenAll(down.Select(node => node.StartAsync(default, _nodes[0].Address, cancellation)));
                foreach (DemoNode node in down)
                {
                    _watch.Await(node.Id);
                }

                break;
            case 'w' when _load is null:
                Tell("you started a write load; w stops it");
                _load = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                _loading = new DemoLoad(_client!).RunAsync(Tell, _load.Token);
                break;
            case 'w':
                await StopLoadAsync();
                Tell("the write load has stopped");
                break;
            case ' ' or '\n' or '\r':
                break;
            default:
                Tell("k crashes the leader, h starts what is down, w is a write load, s a SQL shell, q quits");
                break;
        }
    }

    private async Task RunShellAsync(CancellationToken cancellation)
    {
        var run = new Invocation(_run, new SeedList([.. _nodes.Select(node => node.Address!.Value)], "the demo"));
        await using var connection = new Connection(run);
        await new InteractiveShell(run, new ShellSession(run, connection, new ShellSettings())).RunAsync(cancellation);
        Tell("the shell has ended; the demo goes on");
    }

    private async Task StopLoadAsync()
    {
        if (_load is { } load)
        {
            await load.CancelAsync();
            await _loading;
            load.Dispose();
            _load = null;
        }
    }

    private async Task<MembersView?> TryLookAsync(CancellationToken cancellation)
    {
        try
        {
            return await _client!.Roster.ListAsync(LookPatience, cancellation);
        }
        catch (Exception thrown) when (thrown is GraftException or OperationCanceledException)
        {
            return null;
        }
    }

    private void PrintReady(MembersView view, bool isLoaded)
    {
        if (_run.IsJson)
        {
            Print(JsonText.OfKind("DemoReady", json =>
            {
                json.WriteString("directory", _directory);
                json.WriteStartArray("nodes");
                foreach (DemoNode node in _nodes)
                {
                    json.WriteStartObject();
                    json.WriteString("name", node.Name);
                    json.WriteString("id", node.Id);
                    json.WriteString("address", node.Address.ToString());
                    json.WriteBoolean("leader", node.Id == view.Leader.ToString());
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }), isJson: true);
            return;
        }

        // All of them: k takes one away.
        string all = string.Join(',', _nodes.Select(static node => node.Address.ToString()));
        Print(string.Concat(_nodes.Select(node => $"  {node.Name}  {node.Address}  {(node.Id == view.Leader.ToString() ? $"leader     term {view.Term.Value}" : "follower")}\n"))
            + (isLoaded ? $"Loaded sample data: {DemoSample.Loaded}.\n" : "The data of the last time is still there.\n")
            + $"""

                Ask it      {_run.Terminal.Name} query "SELECT name, count(*) AS orders FROM users JOIN orders ON user_id = users.id GROUP BY name" -c {all}
                Change it   {_run.Terminal.Name} command "INSERT INTO users(name) VALUES ('ada')" -c {all}
                Watch it    {_run.Terminal.Name} status --watch -c {all}
                Break it    press k to crash the leader, h to heal, w to start a write load,
                            s for a SQL shell, q to quit


              """);
    }

    private void Tell(string line)
    {
        DateTimeOffset now = _run.Terminal.Time.GetLocalNow();
        Print(
            _run.IsJson
                ? JsonText.OfKind("DemoEvent", json =>
                {
                    json.WriteString("at", now.UtcDateTime);
                    json.WriteString("text", line);
                })
                : string.Create(CultureInfo.InvariantCulture, $"{now:HH:mm:ss}  {line}\n"),
            _run.IsJson);
    }

    // The load tells from a thread of its own.
    private void Print(string text, bool isJson = false)
    {
        if (isJson == _run.IsJson)
        {
            lock (_output)
            {
                _run.Terminal.Out.Write(text);
            }
        }
    }

    private string NameOf(NodeId id) => _nodes.FirstOrDefault(node => node.Id == id.ToString())?.Name ?? id.ToString();

    // The port that people know, if nobody has it; otherwise any.
    private static NodeAddress FreePort(int wanted)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, wanted);
            probe.Start();
            return new NodeAddress("127.0.0.1", wanted);
        }
        catch (SocketException)
        {
            return new NodeAddress("127.0.0.1", 0);
        }
    }
}
