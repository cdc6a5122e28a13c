using Graft.Consensus;
using Graft.Storage;
using Graft.Tests.Support;

namespace Graft.Tests.Machines;

/// <summary>An applier by itself, fed with committed entries in works of any size.</summary>
internal sealed class ApplierHarness : IApplierHost
{
    internal static readonly MachineContext Context = new(new ClusterId(7), new NodeId(1), new GroupId(1));

    private readonly WorldContext _world;

    internal ApplierHarness(WorldContext world, IStateMachine machine, MachineContext? context = null)
    {
        _world = world;
        Applier = new Applier(context ?? Context, machine, this);
        Applier.Start();
        if (Applier.IsOnDisk)
        {
            Applier.Open();
        }
    }

    internal Applier Applier { get; }

    /// <summary>What became of each entry, by index.</summary>
    internal SortedDictionary<ulong, EntryOutcome> Outcomes { get; } = [];

    internal StatePosition? Position { get; private set; }

    internal ApplyHaltedException? Halted { get; private set; }

    internal async Task OpenAsync() => await _world.UntilAsync(() => Position is not null || Halted is not null, "it's open");

    /// <summary>Applies entries behind what is applied already, in works of these sizes, again and again.</summary>
    internal async Task ApplyAsync(IReadOnlyList<StoredEntry> log, ulong through, Func<int> size)
    {
        ulong next = Applier.Applied.Index.Value + 1;
        while (next <= through && Halted is null)
        {
            var work = new ApplyWork();
            for (int i = size(); i > 0 && next <= through; i--)
            {
                work.Entries.Add(log[(int)next++ - 1]);
            }

            ulong last = work.Last.Value;
            Applier.Submit(work);
            await _world.UntilAsync(() => Outcomes.ContainsKey(last) || Halted is not null, $"entry {last} is applied");
        }
    }

    void IApplierHost.Applied(ApplyWork work)
    {
        Position = work.Reached;
        foreach (EntryOutcome outcome in work.Outcomes)
        {
            Outcomes[outcome.Entry.Index.Value] = outcome;
        }
    }

    void IApplierHost.ApplyHalted(ApplyHaltedException why) => Halted = why;

    void IApplierHost.AddressNoted(NodeId node, string address)
    {
        // Nobody is to be reached.
    }

    void IApplierHost.ApplierFailed(Exception bug) => throw bug;

    void IApplierHost.Captured(CapturedState captured) => captured.Image.Dispose();

    void IApplierHost.CaptureRefused(NotSupportedException refusal) => throw refusal;

    void IApplierHost.Opened(StatePosition position) => Position = position;

    void IApplierHost.Restored(EntryId snapshot, StatePosition position) => Position = position;

    void IApplierHost.DigestBegun(LogIndex entry, IStateDigest digest) => digest.Dispose();

    void IApplierHost.DigestReported(DigestReport report)
    {
        // Nobody compares.
    }

    void IApplierHost.Noted(string text) => throw new InvalidOperationException(text);
}
