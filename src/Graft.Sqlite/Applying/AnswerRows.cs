namespace Graft.Sqlite;

/// <summary>Writes rows straight from a statement into an answer.</summary>
internal static class AnswerRows
{
    internal static void BeginColumns(this SqlAnswerWriter answer, int item, SqliteStatement statement, int columns)
    {
        answer.BeginRows(item, columns);
        for (int column = 0; column < columns; column++)
        {
            answer.WriteColumn(statement.Name(column), statement.DeclaredType(column), statement.Table(column));
        }
    }

    internal static void WriteRow(this SqlAnswerWriter answer, SqliteStatement statement, int columns)
    {
        for (int column = 0; column < columns; column++)
        {
            switch (statement.Type(column))
            {
                case SqlValueKind.Integer:
                    answer.WriteInteger(statement.Integer(column));
                    break;
                case SqlValueKind.Real:
                    answer.WriteReal(statement.Real(column));
                    break;
                case SqlValueKind.Text:
                    answer.WriteText(statement.Bytes(column));
                    break;
                case SqlValueKind.Blob:
                    answer.WriteBlob(statement.Bytes(column));
                    break;
                default:
                    answer.WriteNull();
                    break;
            }
        }
    }
}
