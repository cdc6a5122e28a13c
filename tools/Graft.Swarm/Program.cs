using Graft.Swarm;

Arguments? arguments = Arguments.Parse(args, out string? problem);
if (arguments is null)
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine(Arguments.Usage);
    return 2;
}

return arguments.IsKillTable ? KillTable.Run(arguments) : SeedRun.Run(arguments);
