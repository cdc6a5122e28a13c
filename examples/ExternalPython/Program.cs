using System.Text;
using Graft;
using Graft.Network;

// ExternalPython <directory> <listen> [<a node to join>]. Lines of the input are commands; those that begin with ? are queries.
var options = new NodeOptions { DataDirectory = args[0], Listen = NodeAddress.Parse(args[1]), Found = args.Length == 2 };
if (args.Length > 2)
{
    options.Join.Add(NodeAddress.Parse(args[2]));
}

var python = new ExternalOptions { Arguments = { Path.Join(AppContext.BaseDirectory, "bank.py") } };
await using GraftNode node = await GraftNode.StartAsync(options, () => ExternalStateMachine.LongLived("python3", python));
Console.WriteLine($"listening on {node.Address}");
while (Console.ReadLine() is { } line)
{
    try
    {
        ReadOnlyMemory<byte> answer = line.StartsWith('?')
            ? (await node.Group().QueryAsync(Encoding.UTF8.GetBytes(line[1..].Trim()))).Answer
            : (await node.Group().WriteAsync(Encoding.UTF8.GetBytes(line))).Answer;
        var said = ExternalAnswer.Read(answer);
        Console.WriteLine(said.IsError ? $"refused: {said.Text}" : said.Text);
    }
    catch (GraftException failure)
    {
        Console.WriteLine($"failed: {failure.Message}");
    }
}
