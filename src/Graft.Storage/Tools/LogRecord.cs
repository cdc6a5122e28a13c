using System.Globalization;
using System.Text;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>A record of the log as it lies on the disk, believed or not; or a stretch where none can be read.</summary>
/// <param name="Segment">The segment file it lies in.</param>
/// <param name="Offset">Where in that file it begins.</param>
/// <param name="Sequence">Its place in the log, across segments; zero of a stretch.</param>
/// <param name="Batch">The batch it was written in; zero of a stretch.</param>
/// <param name="Kind">What it says, in a word: "command", "end"; "unreadable" of a stretch.</param>
/// <param name="Group">The group it is of, or null if it is of none.</param>
/// <param name="Id">Its index and term, whose meaning depends on the kind.</param>
/// <param name="Length">The length of its body; of a stretch, how many bytes it has.</param>
/// <param name="Flags">Its flags in words, or "-".</param>
/// <param name="Fault">What is wrong with it, with the rule that it fails; empty if nothing.</param>
/// <param name="Body">Its body.</param>
public sealed record LogRecord(
    string Segment,
    long Offset,
    ulong Sequence,
    ulong Batch,
    string Kind,
    GroupId? Group,
    EntryId Id,
    long Length,
    string Flags,
    string Fault,
    ReadOnlyMemory<byte> Body)
{
    /// <summary>Whether it satisfies all rules that can be asked of a record alone and its predecessor (R1 to R5).</summary>
    public bool IsSound => Fault.Length == 0;

    /// <summary>Whether it is an entry of a group's log.</summary>
    public bool IsEntry => Kind is "command" or "noop" or "membership";

    /// <summary>One line in fixed columns: place, sequence, batch, kind, group, entry, length, flags, verdict.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Segment}@{Offset,-10} {Sequence,10} {Batch,8} {Kind,-10} {(Group is { } group ? group.ToString() : "-"),-8} {Id.Index + "@" + Id.Term,-14} {Length,9} {Flags,-8} {(IsSound ? "ok" : "BAD " + Fault)}");

    /// <summary>The beginning of the body in hexadecimal and as text, with nothing in it that a terminal would obey.</summary>
    /// <param name="bytes">How many bytes of it at most.</param>
    public string Preview(int bytes = 16)
    {
        ReadOnlySpan<byte> shown = Body.Span[..Math.Min(Math.Max(bytes, 0), Body.Length)];
        var text = new StringBuilder(Convert.ToHexStringLower(shown)).Append(" |");
        foreach (byte each in shown)
        {
            text.Append(each is >= (byte)' ' and <= (byte)'~' ? (char)each : '.');
        }

        return text.Append(shown.Length < Body.Length ? "|…" : "|").ToString();
    }
}
