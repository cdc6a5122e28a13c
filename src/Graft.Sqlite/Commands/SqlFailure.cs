namespace Graft.Sqlite;

/// <summary>A statement has failed. What it had changed is undone, as SQLite does it.</summary>
/// <param name="Item">The position in the request of the text that it stands in; <see cref="OfRequest"/> if it's about all of them.</param>
/// <param name="Code">SQLite's extended result code.</param>
/// <param name="Message">SQLite's message, or ours: the same bytes on every node.</param>
public sealed record SqlFailure(int Item, int Code, string Message) : SqlResult(Item)
{
    /// <summary>What <see cref="SqlResult.Item"/> is when the request as a whole is refused.</summary>
    public const int OfRequest = -1;
}
