using System.Collections.Immutable;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>What one group's core begins with, from its log and its snapshots taken together.</summary>
/// <param name="State">For the core's constructor, which accepts it.</param>
/// <param name="First">
/// What the log has to be told before anything else of this group, so that the disk agrees with <paramref name="State"/>; null if
/// it does. The core takes <paramref name="State"/> for durable: start it once this is flushed.
/// </param>
/// <param name="Notes">What an operator should read, a sentence each.</param>
/// <remarks>
/// <para>
/// Log and snapshots are written by two hands and may disagree after a crash, or after damage to one of them. A snapshot is committed
/// state; so a log that doesn't hold the snapshot's last entry is put away for it, and that costs nothing that counts. Anything else
/// that doesn't fit is damage: the log is cut where it begins, and the group says that it has lost entries
/// (<see cref="LostEntries"/>), because a node that votes with less than it acknowledged can undo a commit.
/// </para>
/// </remarks>
public sealed record GroupRestore(RestoredState State, LogWrite? First, ImmutableArray<string> Notes)
{
    /// <summary>Composes a group from what the log holds of it and the newest valid snapshot in the store.</summary>
    /// <param name="id">The group.</param>
    /// <param name="group">What recovery found of it in the log, or null if nothing.</param>
    /// <param name="snapshots">The node's snapshots. A damaged one is set aside, and a note says so.</param>
    /// <exception cref="SnapshotException">The newest undamaged snapshot is another cluster's or a newer program's.</exception>
    /// <exception cref="StorageFailedException">The snapshots' names could not be made durable.</exception>
    /// <exception cref="DiskException">The disk doesn't let a snapshot be opened. Nothing is concluded from that.</exception>
    public static GroupRestore Of(GroupId id, RecoveredGroup? group, SnapshotStore snapshots)
    {
        ArgumentNullException.ThrowIfNull(snapshots);
        var warnings = new List<SnapshotWarning>();
        Snapshot? snapshot = snapshots.FindNewestValid(id, warnings);
        return Of(id, group, snapshot, [.. warnings.Select(warning => warning.ToString())]);
    }

    /// <summary>Composes a group from what the log holds of it and a snapshot that was found valid.</summary>
    /// <param name="id">The group.</param>
    /// <param name="group">What recovery found of it in the log, or null if nothing.</param>
    /// <param name="snapshot">Its newest valid snapshot, durable, or null if there is none.</param>
    /// <returns>What its core begins with. Nothing was changed.</returns>
    public static GroupRestore Of(GroupId id, RecoveredGroup? group, Snapshot? snapshot) => Of(id, group, snapshot, []);

    private static GroupRestore Of(GroupId id, RecoveredGroup? group, Snapshot? snapshot, List<string> notes)
    {
        var composing = new GroupComposition(id, group, snapshot, notes);
        return composing.Run();
    }
}
