namespace Graft.Consensus.Tests.Scenarios;

/// <summary>Plays a script's commands in a lab.</summary>
/// <remarks>
/// The verbs, with their arguments (those in brackets may be left out):
/// <code>
/// cluster voters=1,2 [learners=] [witnesses=] [T=500ms] [entries= bytes= (of one append)] [fetch=hand]
/// start 4                          a node with an empty disk
/// elect 1 [show] | campaign 1             a timeout passes that only n1 notices, and it wins | it stands, nothing is delivered
/// propose 1 [x] [count=] [bytes=]
/// deliver [from=] [to=] [kind=] [n=] [show]      all, or what matches; until nothing of it moves
/// drop ... | lose ... | repeat ... | hold ... | release [...]     under way now | from now on | copies | keep back
/// wire                             what is under way
/// isolate 1 | cut 1>2 | rejoin 1 | heal
/// run 200ms | sleep 200ms | tick 1 everybody's time passes | nobody looks | to n1's deadline
/// pause 1 | wake 1 | stall 1 | persist 1 [all|one|skip n] | resume 1 | faildisk 1
/// crash 1 [keep=n] | restart 1
/// snapshot 1 [trailing=] | fetch 3 [bytes=] | fetch 3 fails
/// read 1 [level=linearizable|lease] [timeout=] | transfer 1 [to=2] [timeout=]
/// change 1 [add= addlearner= addwitness= promote= demote= remove=] [expect=]
/// forge kind= from= to= term= [cluster= at= entry=5@t2 last= entries= commit= round= sequence= life= tolife= granted reason=]
/// status 1 | log 1|all | members 1|all | state
/// </code>
/// </remarks>
internal sealed partial class ScriptRunner(string file)
{
    private readonly LabNarrator _narrator = new();
    private Lab? _lab;
    private ulong _lastPayload;

    /// <summary>Runs the commands of one block.</summary>
    /// <returns>What it prints.</returns>
    internal string[] Run(ScriptBlock block)
    {
        foreach ((string text, int line) in block.Commands)
        {
            var command = new ScriptCommand(file, line, text);
            try
            {
                Do(command);
                command.EnsureNothingLeft();
            }
            catch (Exception exception) when (exception is InvariantViolationException or ArgumentException or OverflowException or Xunit.Sdk.XunitException)
            {
                throw command.Error($"{exception.Message}\nuntil then:\n{string.Join('\n', _narrator.Lines)}", exception);
            }
        }

        string[] lines = [.. _narrator.Lines];
        _narrator.Lines.Clear();
        return lines;
    }

    private void Say(string line) => _narrator.Say(line);

    private void Do(ScriptCommand command)
    {
        if (command.Verb == "cluster")
        {
            Found(command);
            return;
        }

        Lab lab = _lab ?? throw command.Error("A script begins with 'cluster'");
        bool isKnown = DoMessages(command, lab) || DoNodes(command, lab) || DoClients(command, lab) || DoViews(command, lab);
        if (!isKnown)
        {
            throw command.Error($"'{command.Verb}' is no command");
        }
    }

    private void Found(ScriptCommand command)
    {
        if (_lab is not null)
        {
            throw command.Error("There is a cluster already");
        }

        IEnumerable<Member> members = command.Nodes("voters").Select(id => new Member(id, MemberRole.Voter))
            .Concat(command.Nodes("learners").Select(id => new Member(id, MemberRole.Learner)))
            .Concat(command.Nodes("witnesses").Select(id => new Member(id, MemberRole.Voter, IsWitness: true)));
        TimeSpan timeout = command.Time("T") ?? Lab.T;
        int entries = (int)(command.Number("entries") ?? 4096);
        int bytes = (int)(command.Number("bytes") ?? 1 << 20);
        string? fetch = command.Text("fetch");
        _lab = new Lab(Membership.Of(members), (id, incarnation) => new RaftOptions
        {
            Cluster = Lab.Cluster,
            Node = new NodeId(id),
            Incarnation = incarnation,
            Seed = (id * 1000) + incarnation.Value,
            ElectionTimeout = timeout,
            MessageEntriesMax = entries,
            MessageBytesMax = bytes,
            UncommittedEntriesMax = 1024,
        })
        {
            HoldSnapshots = fetch == "hand",
        };
        foreach (LabNode node in _lab.Nodes)
        {
            _narrator.Started(node);
        }

        _narrator.Lines.Clear();
        _lab.Narrator = _narrator;
    }

    private static LabNode Awake(ScriptCommand command, Lab lab)
    {
        LabNode node = Known(command, lab);
        return node.IsUp ? node : throw command.Error($"{node.Id} is down");
    }

    private static LabNode Known(ScriptCommand command, Lab lab)
    {
        NodeId id = command.Node();
        return lab.Knows(id.Value) ? lab[id.Value] : throw command.Error($"There is no {id}");
    }
}
