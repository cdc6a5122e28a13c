using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Graft.Testing;

namespace Graft.EndToEnd.Tests;

/// <summary>The graft command against nodes that it has started itself: processes, disks and ports.</summary>
[Collection(nameof(Processes))]
public sealed class GraftCommandTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly List<ExampleProcess> _nodes = [];
    private readonly List<string> _addresses = [];
    private readonly string _root = Directory.CreateTempSubdirectory("graft-command-").FullName;

    public GraftCommandTests() => _bound.CancelAfter(TimeSpan.FromMinutes(2));

    private CancellationToken Bound => _bound.Token;

    [Fact]
    public async Task Three_nodes_take_sql_at_one_show_it_at_another_and_go_on_without_their_leader()
    {
        await StartAsync(3);
        GraftCommand made = await ExpectAsync(
            0, "command", "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users(name) VALUES ('turing'), ('ritchie')", "-c", _addresses[0]);
        Assert.StartsWith("2 rows changed, last id 2; committed at index ", made.Out, StringComparison.Ordinal);

        GraftCommand read = await ExpectAsync(0, "query", "SELECT id, name FROM users ORDER BY id", "-c", _addresses[1]);
        Assert.Equal("ID  NAME\n 1  turing\n 2  ritchie\n", read.Out);
        Assert.StartsWith("2 rows, linearizable at index ", read.Error, StringComparison.Ordinal);

        string leader = await LeaderAsync(_addresses[1]);
        string[] others = [.. _addresses.Where(address => address != leader)];
        GraftCommand stopped = await ExpectAsync(0, "stop", leader, "-c", others[0]);
        Assert.Equal($"removed from cluster {leader}\n", stopped.Out);
        await _nodes[_addresses.IndexOf(leader)].AssertEndedAsync(0, Bound);

        await ExpectAsync(0, "command", "-p", "name=hamilton", "INSERT INTO users(name) VALUES (:name)", "-c", others[0]);
        GraftCommand after = await ExpectAsync(0, "query", "--csv", "SELECT name FROM users ORDER BY id", "-c", others[1]);

        Assert.Equal("name\r\nturing\r\nritchie\r\nhamilton\r\n", after.Out);
        Assert.Contains(await LeaderAsync(others[0]), others);
    }

    [Fact]
    public async Task The_session_of_the_readme_runs_as_it_stands()
    {
        string[] blocks = [.. MarkdownBlock.Of(await File.ReadAllTextAsync(Path.Join(SourceTree.Root, "README.md"), Bound))
            .Select(block => block.Text)
            .Where(text => text.Contains("./graft start ", StringComparison.Ordinal) || text.Contains("$ ./graft command ", StringComparison.Ordinal))];
        Assert.Equal(2, blocks.Length);
        foreach (string line in blocks[0].TrimEnd().Split('\n'))
        {
            string[] typed = Words(OnFreePorts(line))[1..];
            _nodes.Add(ExampleProcess.Start(GraftCommand.Project, [.. typed, "--tied", "--data", Path.Join(_root, $"n{_nodes.Count}")]));
            await _nodes[^1].ReadAsync("ready ", Bound);
        }

        string[] lines = OnFreePorts(blocks[1]).TrimEnd().Split('\n');
        int run = 0;
        for (int at = 0; at < lines.Length; run++)
        {
            string[] typed = Words(lines[at])[2..];
            string[] shown = [.. lines.Skip(++at).TakeWhile(line => !line.StartsWith("$ ", StringComparison.Ordinal))];
            at += shown.Length;

            string[] said = (await ExpectAsync(0, typed)).Out.TrimEnd().Split('\n');

            Assert.Equal(shown.Select(Masked), said.Select(Masked));
        }

        Assert.Equal(5, run);

        static string Masked(string line) => Regex.Replace(line, "at index [0-9,]+, [0-9.]+ ms", "at index N, N ms", RegexOptions.None, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_cluster_without_a_quorum_says_that_nothing_was_applied_and_still_shows_what_it_has()
    {
        await StartAsync(3);
        await ExpectAsync(0, "command", "CREATE TABLE t(x); INSERT INTO t VALUES (7)", "-c", _addresses[0]);
        await ExpectAsync(0, "status", "--check", "-c", _addresses[0]);
        GraftCommand seen = await ExpectAsync(0, "query", "SELECT x FROM t", "-c", _addresses[2]);
        Assert.Equal("X\n7\n", seen.Out);
        await _nodes[0].KillAsync();
        await _nodes[1].KillAsync();

        GraftCommand refused = await ExpectAsync(5, "command", "INSERT INTO t VALUES (8)", "-c", _addresses[2], "--timeout", "3s");
        Assert.Contains("[no-quorum]", refused.Error, StringComparison.Ordinal);
        Assert.Contains("outcome: NOT applied", refused.Error, StringComparison.Ordinal);
        Assert.Empty(refused.Out);

        GraftCommand json = await ExpectAsync(5, "command", "INSERT INTO t VALUES (8)", "-c", _addresses[2], "--timeout", "2s", "--json");
        using JsonDocument error = JsonDocument.Parse(json.Error);
        Assert.Equal("not-applied", error.RootElement.GetProperty("error").GetProperty("outcome").GetString());

        Assert.Equal("X\n7\n", (await ExpectAsync(0, "query", "--consistency", "stale", "SELECT x FROM t", "-c", _addresses[2])).Out);
        Assert.StartsWith("CRITICAL no-quorum", (await ExpectAsync(8, "status", "--check", "-c", _addresses[2], "--timeout", "2s")).Out, StringComparison.Ordinal);
        Assert.Contains("NO QUORUM", (await ExpectAsync(5, "status", "-c", _addresses[2], "--timeout", "2s")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_command_has_its_answer_and_its_failure_on_a_live_cluster()
    {
        await StartAsync(2);
        string peer = _addresses[1];
        await ExpectAsync(0, "command", "CREATE TABLE t(x UNIQUE)", "-c", peer);
        await ExpectAsync(0, ["exec", "-", "-c", peer, "-q"], "INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\n");

        // All or nothing, unless it's said otherwise.
        GraftCommand twice = await ExpectAsync(7, "command", "INSERT INTO t VALUES (3); INSERT INTO t VALUES (1)", "-c", peer);
        Assert.Contains("UNIQUE constraint failed: t.x", twice.Error, StringComparison.Ordinal);
        Assert.Contains("NOT applied", twice.Error, StringComparison.Ordinal);
        Assert.Equal("N\n2\n", (await ExpectAsync(0, "query", "SELECT count(*) AS n FROM t", "-c", peer)).Out);
        GraftCommand partial = await ExpectAsync(7, "command", "--continue-on-error", "INSERT INTO t VALUES (3); INSERT INTO t VALUES (1)", "-c", peer);
        Assert.Contains("PARTIAL", partial.Error, StringComparison.Ordinal);

        GraftCommand query = await ExpectAsync(0, "query", "--json", "SELECT count(*) AS n FROM t", "-c", peer);
        using (JsonDocument found = JsonDocument.Parse(query.Out))
        {
            Assert.Equal(3, found.RootElement.GetProperty("rows")[0][0].GetInt32());
            Assert.Equal("linearizable", found.RootElement.GetProperty("consistency").GetString());
        }

        Assert.Contains("can't", (await ExpectAsync(7, "query", "DELETE FROM t", "-c", peer)).Error, StringComparison.Ordinal);
        Assert.Equal("", (await ExpectAsync(7, "query", "SELECT FROM", "-c", peer)).Out);

        GraftCommand configuration = await ExpectAsync(0, "configuration", "-c", peer);
        using (JsonDocument found = JsonDocument.Parse(configuration.Out))
        {
            Assert.Equal(_addresses.Order(), found.RootElement.GetProperty("Peers").EnumerateObject().Select(each => each.Value.GetProperty("Host").GetString()).Order());
        }

        string leader = await LeaderAsync(peer);
        string other = _addresses.Single(address => address != leader);
        Assert.Contains(other, (await ExpectAsync(0, "leader", other, "-c", peer)).Out, StringComparison.Ordinal);
        Assert.Contains("is no member", (await ExpectAsync(6, "leader", "127.0.0.1:1", "-c", peer)).Error, StringComparison.Ordinal);
        Assert.Contains("is no member", (await ExpectAsync(6, "stop", "127.0.0.1:1", "-c", peer)).Error, StringComparison.Ordinal);
        Assert.Contains(peer, (await ExpectAsync(0, "member", "list", "-c", peer)).Out, StringComparison.Ordinal);
        Assert.Contains("HEALTHY  2/2 voters up, can lose 0", (await ExpectAsync(0, "status", "-c", peer)).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_is_run_to_its_first_error_and_a_transaction_is_sent_as_a_whole()
    {
        await StartAsync(1);
        string peer = _addresses[0];
        GraftCommand run = await ExpectAsync(
            0,
            ["sql", "-c", peer],
            """
            CREATE TABLE t(x);
            CREATE TRIGGER twice AFTER INSERT ON t WHEN new.x < 10 BEGIN
              INSERT INTO t VALUES (new.x + 10);
            END;
            BEGIN; INSERT INTO t VALUES (1);
            INSERT INTO t VALUES (2); COMMIT;
            BEGIN; INSERT INTO t VALUES (3); ROLLBACK;
            .mode csv
            WITH n AS (SELECT x FROM t) SELECT count(*) AS n, sum(x) AS s FROM n;
            .tables
            SELECT max(x) AS m FROM t
            """);
        Assert.Equal("n,s\r\n4,26\r\ntype,name\r\ntable,t\r\nm\r\n12\r\n", run.Out);

        GraftCommand stopped = await ExpectAsync(7, ["sql", "-c", peer], "SELECT 1 AS a;\nSELECT nope;\nSELECT 2 AS b;\n");
        Assert.Equal("A\n1\n", stopped.Out);
        Assert.Contains("no such column: nope", stopped.Error, StringComparison.Ordinal);

        GraftCommand on = await ExpectAsync(7, ["sql", "-c", peer], ".bail off\nSELECT nope;\nSELECT 2 AS b;\n");
        Assert.Equal("B\n2\n", on.Out);
        Assert.Equal("[{\"x\":1}]\n", (await ExpectAsync(0, "sql", "--mode", "json", "SELECT x FROM t WHERE x = 1", "-c", peer)).Out);
    }

    [Fact]
    public async Task A_change_of_members_is_planned_first_and_wants_a_yes_where_it_is_dangerous()
    {
        await StartAsync(3);
        string peer = _addresses[0];
        string last = _addresses[2];
        GraftCommand plan = await ExpectAsync(0, "member", "remove", last, "--dry-run", "-c", peer);
        Assert.Contains("nothing was changed", plan.Out, StringComparison.Ordinal);
        Assert.Matches("voters +3 +2", plan.Out);

        GraftCommand refused = await ExpectAsync(6, "member", "remove", last, "-c", peer);
        Assert.Contains("needs confirmation", refused.Error, StringComparison.Ordinal);
        Assert.Contains("can lose 1 now, and 0 afterwards", refused.Error, StringComparison.Ordinal);

        await ExpectAsync(0, "member", "demote", last, "--yes", "-c", peer);
        Assert.Contains("learner", (await ExpectAsync(0, "member", "list", "-c", peer)).Out, StringComparison.Ordinal);
        await ExpectAsync(0, "member", "promote", last, "-c", peer);
        await ExpectAsync(6, "member", "promote", "127.0.0.1:1", "-c", peer);
        using (JsonDocument json = JsonDocument.Parse((await ExpectAsync(0, "member", "move", last, last, "-c", peer, "--json")).Out))
        {
            Assert.Equal("MembersChanged", json.RootElement.GetProperty("kind").GetString());
        }

        await ExpectAsync(0, "member", "remove", last, "--yes", "-c", peer);
        await _nodes[2].AssertEndedAsync(0, Bound);
    }

    [Fact]
    public async Task Nobody_who_answers_is_exit_code_3_and_a_taken_port_says_so()
    {
        await StartAsync(1);
        string data = Path.Join(_root, "second");

        GraftCommand taken = await ExpectAsync(1, "start", _addresses[0], "--bootstrap", "--data", data);
        Assert.Contains("the node didn't start", taken.Error, StringComparison.Ordinal);

        await _nodes[0].StopAsync(Bound);
        GraftCommand nobody = await ExpectAsync(3, "query", "SELECT 1", "-c", _addresses[0], "--timeout", "500ms");
        Assert.Contains($"tried {_addresses[0]}", nobody.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_started_again_is_who_it_was()
    {
        await StartAsync(1);
        await ExpectAsync(0, "command", "CREATE TABLE t(x); INSERT INTO t VALUES (7)", "-c", _addresses[0]);
        await _nodes[0].StopAsync(Bound);

        ExampleProcess again = ExampleProcess.Start(GraftCommand.Project, ["start", _addresses[0], "-c", _addresses[0], "--data", Path.Join(_root, "n1"), "--tied"]);
        _nodes.Add(again);
        await again.ReadAsync("ready ", Bound);

        Assert.Equal("X\n7\n", (await ExpectAsync(0, "query", "SELECT x FROM t", "-c", _addresses[0])).Out);
        Assert.Contains("last voter", (await ExpectAsync(6, "stop", "-c", _addresses[0])).Error, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ExampleProcess node in _nodes)
        {
            await node.DisposeAsync();
        }

        _bound.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    // The ports of the page may be taken; the system names some that aren't.
    private string OnFreePorts(string text)
    {
        if (_addresses.Count == 0)
        {
            TcpListener[] probes = [.. Enumerable.Range(0, 3).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
            Array.ForEach(probes, probe => probe.Start());
            _addresses.AddRange(probes.Select(probe => $"{probe.LocalEndpoint}"));
            Array.ForEach(probes, probe => probe.Dispose());
        }

        return text
            .Replace("127.0.0.1:8080", _addresses[0], StringComparison.Ordinal)
            .Replace("127.0.0.1:8081", _addresses[1], StringComparison.Ordinal)
            .Replace("127.0.0.1:8082", _addresses[2], StringComparison.Ordinal);
    }

    // As a shell reads them, as far as the page needs it: blanks divide, double quotes hold together.
    private static string[] Words(string line) =>
        [.. line.Split('"').SelectMany((part, at) => at % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    private async Task StartAsync(int count)
    {
        for (int i = 1; i <= count; i++)
        {
            string[] how = i == 1 ? ["--bootstrap"] : ["-c", _addresses[0]];
            ExampleProcess node = ExampleProcess.Start(
                GraftCommand.Project, ["start", "127.0.0.1:0", "--data", Path.Join(_root, $"n{i}"), "--tied", "--json", .. how]);
            _nodes.Add(node);
            _addresses.Add((await node.ReadAsync("\"address\":\"", Bound)).Split('"')[0]);
        }
    }

    private async Task<string> LeaderAsync(string peer) => (await ExpectAsync(0, "leader", "-c", peer)).Out.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];

    private Task<GraftCommand> ExpectAsync(int code, params string[] typed) => ExpectAsync(code, typed, "");

    private async Task<GraftCommand> ExpectAsync(int code, string[] typed, string input)
    {
        GraftCommand ended = await GraftCommand.RunAsync(input, typed, Bound);
        Assert.True(
            ended.Code == code,
            $"graft {string.Join(' ', typed)} ended with {ended.Code}, not {code}:\n{ended.Out}{ended.Error}\n{string.Join('\n', _nodes.Select(node => node.Said))}");
        return ended;
    }
}
