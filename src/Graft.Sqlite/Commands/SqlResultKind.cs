namespace Graft.Sqlite;

/// <summary>What a result in an answer is. The numbers are in kept answers.</summary>
internal enum SqlResultKind : byte
{
    Change = 0,
    Rows = 1,
    Failure = 2,
}
