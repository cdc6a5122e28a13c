namespace Graft.Sqlite;

/// <summary>What a command is. The numbers are on disk.</summary>
internal enum SqlCommandKind : byte
{
    Statements = 1,
    Vacuum = 2,
    LoadBegin = 3,
    LoadPiece = 4,
    LoadEnd = 5,
    Agree = 6,
}
