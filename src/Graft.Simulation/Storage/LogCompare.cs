using System.Collections.Immutable;
using Graft.Consensus;
using Graft.Storage;

namespace Graft.Simulation.Storage;

/// <summary>Says where two states of a log differ, in words.</summary>
internal static class LogCompare
{
    /// <returns>Null if they are equal.</returns>
    internal static string? Differ(ImmutableSortedDictionary<ulong, GroupState> wanted, ImmutableSortedDictionary<ulong, GroupState> found)
    {
        foreach ((ulong id, GroupState state) in wanted)
        {
            if (!found.TryGetValue(id, out GroupState? other))
            {
                return FormattableString.Invariant($"g{id} isn't there, last was {state.Last}");
            }

            if (Differ(state, other) is { } difference)
            {
                return FormattableString.Invariant($"g{id}: {difference}");
            }
        }

        foreach (ulong id in found.Keys)
        {
            if (!wanted.ContainsKey(id))
            {
                return FormattableString.Invariant($"g{id} is there, last {found[id].Last}");
            }
        }

        return null;
    }

    /// <returns>Null if they are equal above the start.</returns>
    internal static string? Differ(GroupState wanted, GroupState found)
    {
        if (Clamped(wanted) != Clamped(found))
        {
            return $"hard state {found.Hard} instead of {wanted.Hard}";
        }

        if (Differ(wanted.Start, found.Start) is { } start)
        {
            return start;
        }

        if (wanted.Last != found.Last)
        {
            return $"last {found.Last} instead of {wanted.Last} (start {wanted.Start.At})";
        }

        if (wanted.Lost != found.Lost)
        {
            return $"lost {found.Lost?.ToString() ?? "nothing"} instead of {wanted.Lost?.ToString() ?? "nothing"}";
        }

        return DifferInEntries(wanted, found, wanted.Start.At.Index.Value + 1, wanted.Last.Index.Value);
    }

    internal static string? Differ(in LogStart wanted, in LogStart found) =>
        wanted.At != found.At ? $"start {found.At} instead of {wanted.At}"
        : wanted.MembershipIndex != found.MembershipIndex || !wanted.Membership.Span.SequenceEqual(found.Membership.Span)
            ? $"membership at the start, of {found.MembershipIndex} ({found.Membership.Length} B) instead of {wanted.MembershipIndex} ({wanted.Membership.Length} B)"
            : null;

    /// <returns>Null if both have the same entries from <paramref name="first"/> to <paramref name="last"/>.</returns>
    internal static string? DifferInEntries(GroupState wanted, GroupState found, ulong first, ulong last)
    {
        for (ulong index = first; index <= last; index++)
        {
            if (!wanted.Knows(index) || !found.Knows(index))
            {
                return FormattableString.Invariant($"entry {index} is {(found.Knows(index) ? found.At(index).ToString() : "nothing")} instead of {(wanted.Knows(index) ? wanted.At(index).ToString() : "nothing")}");
            }

            if (!AreEqual(wanted.At(index), found.At(index)))
            {
                return FormattableString.Invariant($"entry {index} is {found.At(index)} instead of {wanted.At(index)}");
            }
        }

        return null;
    }

    // A write in several batches brings its commit index with the first of them: a crash in between leaves one above the log.
    private static HardState Clamped(GroupState state) => state.Hard with { Commit = LogIndex.Min(state.Hard.Commit, state.Last.Index) };

    internal static bool AreEqual(in StoredEntry one, in StoredEntry other) =>
        one.Id == other.Id && one.Kind == other.Kind && one.Checksum == other.Checksum && one.IsHeaderOnly == other.IsHeaderOnly
        && (one.Payload.Equals(other.Payload) || one.Payload.Span.SequenceEqual(other.Payload.Span));
}
