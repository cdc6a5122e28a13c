using System.Text;

namespace Graft.Sqlite;

/// <summary>Looks whether a database is whole.</summary>
internal static class SoundCheck
{
    /// <summary>What is wrong with it first; null if nothing is.</summary>
    /// <remarks>
    /// Rows that break a constraint are no damage: before 3.37 <c>ADD COLUMN</c> lets them in. And a <c>CHECK</c> isn't evaluated at all, as it may draw: nodes
    /// would come to different verdicts.
    /// </remarks>
    internal static string? Verdict(SqliteConnection connection)
    {
        connection.Execute("PRAGMA ignore_check_constraints=ON");
        try
        {
            using SqliteStatement check = connection.Prepare("PRAGMA quick_check");
            while (check.StepOrThrow())
            {
                string line = Encoding.UTF8.GetString(check.Bytes(0));
                if (line != "ok" && !line.StartsWith("NULL value in ", StringComparison.Ordinal))
                {
                    return line;
                }
            }

            return null;
        }
        finally
        {
            connection.Execute("PRAGMA ignore_check_constraints=OFF");
        }
    }
}
