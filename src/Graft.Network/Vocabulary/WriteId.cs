using System.Globalization;
using Graft.Consensus;

namespace Graft;

/// <summary>Names one command: by its place in the log, by its number in a session, or by both.</summary>
/// <param name="Entry">Where it was appended; zero if that isn't known.</param>
/// <param name="Session">The session that it was sent in; zero if in none.</param>
/// <param name="Sequence">Its number in the session.</param>
public readonly record struct WriteId(EntryId Entry, ulong Session, ulong Sequence)
{
    public override string ToString() =>
        Session == 0 ? Entry.ToString() : string.Create(CultureInfo.InvariantCulture, $"s{Session}#{Sequence} {Entry}");
}
