using Graft.Consensus;
using Graft.Simulation.Disks;

namespace Graft.Storage.Tests.Snapshots;

/// <summary>A scripted history of a store on a disk that may end in each of its calls, and what has to be there then.</summary>
internal sealed class SnapshotHistory
{
    private static readonly (Snapshot Snapshot, byte[] Bytes) Sent = Send();

    private readonly List<SnapshotWarning> _warnings = [];

    // Published and not yet allowed to go; begun, and so there or not; deleted, and said to be.
    private readonly SortedSet<ulong> _kept = [];
    private readonly SortedSet<ulong> _begun = [];
    private readonly SortedSet<ulong> _deleted = [];

    private SnapshotStore? _store;

    internal SnapshotHistory(SimulatedDisk disk) => Disk = disk;

    internal SimulatedDisk Disk { get; }

    /// <summary>What the store had to say to an operator.</summary>
    internal IReadOnlyCollection<SnapshotWarning> Warnings => _warnings;

    /// <summary>Publishes, prunes, receives in two parts with a start between them, publishes again and prunes.</summary>
    internal void Play()
    {
        Start();
        Publish(1);
        Publish(2);
        Prune(keep: 1, 1);
        Publish(3);
        Receive(Sent.Bytes.Length / 2);
        Start();
        Assert.Equal(3UL, _store!.FindNewestValid(Shelf.Group, _warnings)!.Last.Index.Value);
        Receive(Sent.Bytes.Length);
        Prune(keep: 2, 2);
        Publish(12);
        Prune(keep: 1, 3, 9);
    }

    /// <summary>After an end of the process the store opens, finds the newest that was published, whole, and finds it again; a receipt goes on.</summary>
    internal void Judge(SimulatedDisk after, string at)
    {
        var warnings = new List<SnapshotWarning>();
        Snapshot? found = Find(after, warnings, at);

        // What was found is durable.
        after.Crash(CrashMode.LoseAll);
        Assert.True(found?.Last == Find(after, warnings, at)?.Last, $"{at}: {found?.Last} was found once, and not again");
        SnapshotStore store = SnapshotStore.Open(after, Shelf.Cluster, warnings, Shelf.ChunkBytes);
        if (found is null || found.Last.Index < Sent.Snapshot.Last.Index)
        {
            using SnapshotReceiver receiver = store.OpenReceive(Shelf.Group, Sent.Snapshot);
            Assert.True(receiver.Write(receiver.ResumeOffset, Sent.Bytes.AsSpan((int)receiver.ResumeOffset)).IsAccepted, at);
            receiver.Complete();
            found = Sent.Snapshot;
        }

        store.Prune(Shelf.Group, keep: 1, warnings);
        after.Crash(CrashMode.LoseAll);
        SnapshotListing left = Assert.Single(SnapshotStore.Open(after, Shelf.Cluster, warnings, Shelf.ChunkBytes).List(Shelf.Group));
        Assert.True(left.Last == found.Last && left.Verdict.Validity == SnapshotValidity.Valid, $"{at}: {left.Last} is {left.Verdict.Validity}");
        Assert.True(warnings.Count == 0, $"{at}: {string.Join(' ', warnings)}");
        Assert.True(after.VisibleFiles.Count == 1, $"{at}: {string.Join(' ', after.VisibleFiles)}");
    }

    private Snapshot? Find(SimulatedDisk after, List<SnapshotWarning> warnings, string at)
    {
        SnapshotStore store = SnapshotStore.Open(after, Shelf.Cluster, warnings, Shelf.ChunkBytes);
        ulong[] there = [.. store.List(Shelf.Group).Select(listing => listing.Last.Index.Value)];
        Assert.True(_kept.IsSubsetOf(there), $"{at}: {string.Join(' ', there)} are there, and {string.Join(' ', _kept)} have to be");
        Assert.True(!_deleted.Overlaps(there), $"{at}: {string.Join(' ', there)} are there, and {string.Join(' ', _deleted)} were deleted");
        Assert.True(_begun.IsSupersetOf(there), $"{at}: {string.Join(' ', there)} are there, and {string.Join(' ', _begun)} were begun");
        Snapshot? found = store.FindNewestValid(Shelf.Group, warnings);
        Assert.True(found?.Last.Index.Value == (there.Length == 0 ? null : there[0]), $"{at}: {found?.Last} of {string.Join(' ', there)} is the newest");
        foreach (ulong index in there)
        {
            using SnapshotReader reader = store.Open(Shelf.Group, EntryId.Of(2, index));
            byte[] content = new byte[reader.ContentBytes];
            reader.Read(content);
            Assert.True(content.AsSpan().SequenceEqual(ContentOf(index)), $"{at}: {index} isn't what was written");
        }

        return found;
    }

    private void Start() => _store = SnapshotStore.Open(Disk, Shelf.Cluster, _warnings, Shelf.ChunkBytes);

    private void Publish(ulong index) => Try(() =>
    {
        using SnapshotWriter writer = _store!.Create(Shelf.Group, Shelf.At(index));
        writer.Write(ContentOf(index));
        _begun.Add(index);
        writer.Complete();
        _kept.Add(index);
    });

    private void Receive(int upTo) => Try(() =>
    {
        using SnapshotReceiver receiver = _store!.OpenReceive(Shelf.Group, Sent.Snapshot);
        _begun.Add(Sent.Snapshot.Last.Index.Value);
        Assert.True(receiver.Write(receiver.ResumeOffset, Sent.Bytes.AsSpan((int)receiver.ResumeOffset, upTo - (int)receiver.ResumeOffset)).IsAccepted);
        if (upTo == Sent.Bytes.Length)
        {
            receiver.Complete();
            _kept.Add(Sent.Snapshot.Last.Index.Value);
        }
    });

    private void Prune(int keep, params ulong[] superseded)
    {
        _kept.ExceptWith(superseded);
        IReadOnlyList<string> deleted = _store!.Prune(Shelf.Group, keep, _warnings);
        _deleted.UnionWith(superseded.Where(index => deleted.Contains(Shelf.PathOf(index))));
    }

    // No space is no end: what was begun is removed, and the next time there may be some.
    private static void Try(Action publish)
    {
        try
        {
            publish();
        }
        catch (SnapshotException full) when (full.Error == SnapshotError.NoSpace)
        {
            publish();
        }
    }

    private static byte[] ContentOf(ulong index) => Shelf.Content(20 + (int)index, seed: (int)index);

    private static (Snapshot Snapshot, byte[] Bytes) Send()
    {
        var sender = new Shelf();
        return (sender.Put(9, ContentOf(9)), sender.Bytes(Shelf.PathOf(9)));
    }
}
